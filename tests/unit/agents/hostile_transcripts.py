"""Transcripts of a mebibyte that somebody made to hold a worker up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

SIZE = 1_048_576


def _filled(piece: str, head: str = "WEBVTT\n\n") -> str:
    return (head + piece * (SIZE // len(piece) + 1))[:SIZE]


_CUE = "0:00.000 --> 0:01.000\n"
_ONE = "WEBVTT\n\n" + _CUE

HOSTILE: Mapping[str, Any] = {
    "tiny cues": _filled("0:0.0-->0:0.0\n\n"),
    "tiny cues with a word": _filled("0:00.0-->0:01.0\na\n\n"),
    "cues without empty lines": _filled("0:0.0-->0:0.0\n"),
    "tiny srt cues": _filled("1\n0:0:0,0-->0:0:0,0\na\n\n", "1\n0:0:0,0-->0:0:0,0\na\n\n"),
    "srt cues without empty lines": _filled("1\n0:0:0,0-->0:0:0,0\n", "1\n0:0:0,0-->0:0:0,0\na\n\n"),
    "one huge line": _filled("a", _ONE),
    "one huge line of words": _filled("a ", _ONE),
    "one cue of many lines": _filled("a\n", _ONE),
    "empty lines": _filled("\n"),
    "notes": _filled("NOTE\n\n"),
    "identifiers": _filled("x\n\n"),
    "arrows": _filled("-->"),
    "arrows on lines": _filled("-->\n"),
    "arrows in a cue": _filled("-->\n", _ONE),
    "open tags": _filled("<", _ONE),
    "open voices": _filled("<v ", _ONE),
    "voices with classes": _filled(".a", _ONE + "<v"),
    "a voice with spaces": _filled(" ", _ONE + "<v"),
    "tags": _filled("<b>", _ONE),
    "punctuation": _filled("...?!:;-", _ONE),
    "speakers": _filled("A. ", _ONE),
    "speakers without end": _filled("A.", _ONE),
    "digits": _filled("0", "WEBVTT\n\n"),
    "digits and an arrow": _filled("0", "WEBVTT\n\n")[:-4] + "-->\n",
    "spaces before an arrow": _filled(" ", "WEBVTT\n\n")[:-4] + "-->\n",
    "spaces": _filled(" ", _ONE),
    "settings": _filled("a:b ", "WEBVTT\n\n0:00.000 --> 0:01.000 "),
    "long times": _filled("9" * 4_000 + ":00:00.000 --> 0:01.000\na\n\n"),
    "entities": _filled("&amp;", _ONE),
    "carriage returns": _filled("\r"),
    "line separators": _filled("\u2028"),
    "a header of lines": _filled("a\n", "WEBVTT\n"),
    "srt of digits": _filled("1\n", "1\n0:0:0,0 --> 0:0:1,0\na\n\n"),
    "nothing": _filled(" ", ""),
    "brackets": _filled("[", ""),
    "braces": _filled('{"a":', ""),
    "tiny segments": json.dumps([{"text": "", "start": 0}] * (SIZE // 26)),
    "segments of one word": [{"text": "a", "start": number} for number in range(SIZE // 28)],
    "one huge segment": [{"text": "a " * (SIZE // 2), "start": 0}],
    "a huge speaker": [{"text": "a", "start": 0, "speaker": "b" * SIZE}],
    "numbers": "[" + "1," * (SIZE // 2) + "1]",
}
