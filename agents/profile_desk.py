"""What commands ask about profiles. Implements :class:`pipeline.domain.ProfileDesk`; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agents.ledger_records import FutureStateError, LinkedTranscript, decode_state
from agents.policy import Policy
from agents.profile_trial import Trial
from agents.profiles import Profile, ProfileInputError, Profiles
from agents.rules.guarding import stood_in
from agents.rules.source_url import screen_source_url
from agents.tournaments.exports import EXPORTS
from pipeline.domain import LinkedText, ProfileInfo, Remembered
from schemas.records import Highlight, Moment, RecordError, Request, Summary, Tournament, decode

_requests = msgspec.json.Decoder(Request)


class ProfilesOnDesk:
    """Answers from the profiles that a worker would run, and the hosts that its policy lets pass."""

    def __init__(self, profiles: Profiles, policy: Policy | None = None) -> None:
        self._profiles = profiles
        self._policy = policy or Policy()

    def profiles(self) -> list[ProfileInfo]:
        """All profiles, each version once."""
        return [_info(profile) for profile in self._profiles]

    def find(self, label: str) -> ProfileInfo | None:
        """The profile of a record's ``profile``, or of a name with or without version; ``None`` when it is unknown."""
        profile = self._profiles.find(label.partition("+")[0])
        return None if profile is None else _info(profile)

    def describe(self, name: str) -> dict[str, Any]:
        """Options, kinds, rules and data of a profile, JSON.

        Raises:
            LookupError: there is none; the text lists those there are.
        """
        return self._named(name).describe()

    def export(self, form: str, summary: Summary, highlights: Sequence[Highlight]) -> Mapping[str, str]:
        """Render a settled request's document in a form of its profile: the files' texts by name.

        Raises:
            LookupError: the profile has no such form; the text lists those there are.
            ValueError: there is nothing to render, since the profile failed, then or now.
        """
        profile = self._named(summary.profile.partition("+")[0])
        export = profile.exports.get(form)
        if export is None:
            forms = ", ".join(profile.exports) or "none"
            raise LookupError(f"{profile.label} has no form {form}; there are: {forms}")
        if reason := stood_in(summary.document):
            raise ValueError(f"{profile.label} failed when the document was made ({reason}); it is the general one")
        try:
            return export.render(summary, highlights)
        except Exception as error:
            raise ValueError(f"{profile.label} cannot render {form}: {error!r}") from error

    @property
    def tournament_exports(self) -> Mapping[str, str]:
        """What each form of a tournament is, by form."""
        return {form: export.about for form, export in EXPORTS.items()}

    def export_tournament(self, form: str, tournament: Tournament, moments: Sequence[Moment]) -> Mapping[str, str]:
        """Render where a tournament stands: the files' texts by name.

        Raises:
            LookupError: there is no such form; the text lists those there are.
        """
        export = EXPORTS.get(form)
        if export is None:
            raise LookupError(f"tournaments have no form {form}; there are: {', '.join(EXPORTS)}")
        return export.render(tournament, moments)

    def remembered(self, key: str, value: bytes) -> Remembered | None:
        """Read a record of the ledger topic; ``None`` when it tells nothing of a request or its transcript.

        A record that cannot be read, such as a newer version's, says so in its ``problem``.
        """
        kind, _, request_id = key.partition("/")
        if kind not in {"original", "transcript"}:
            return None
        try:
            state = decode_state(key, value)
            if isinstance(state, LinkedTranscript):
                return Remembered(request_id, transcript=LinkedText(state.text, state.problem))
            return Remembered(request_id, request=decode(_requests, state.value.encode()))
        except (FutureStateError, RecordError, msgspec.DecodeError) as error:
            return Remembered(request_id, problem=f"the ledger's record {key} cannot be read: {error}")

    def trial(self, name: str, asked: Request, linked: LinkedText | None = None) -> Trial:
        """Prepare a profile for a request; ``linked`` is what came of the transcript that it links, if that is known.

        Raises:
            LookupError: there is no such profile.
            ValueError: the profile cannot use the request's metadata, and the text names the field; or it fails.
        """
        profile = self._named(name)
        try:
            return Trial(profile, asked, linked)
        except ProfileInputError:
            raise
        except Exception as error:
            raise ValueError(f"{profile.label} fails on the request {asked.request_id}: {error!r}") from error

    def screen(self, name: str, asked: Request) -> None:
        """Check the URLs of a request, of its source and of the transcript that it links, as a worker would.

        Raises:
            ValueError: a worker would refuse one; the text names the field and does not repeat the URL.
        """
        allowed, blocked = self._policy.allowed_hosts, self._policy.blocked_hosts
        screen_source_url(asked.source_url, allowed=allowed, blocked=blocked)
        profile = self._profiles.find(name)
        link = None if profile is None else profile.transcript_url(asked)
        if link is not None:
            screen_source_url(link, allowed=allowed, blocked=blocked, field="metadata.transcript")

    def _named(self, name: str) -> Profile:
        profile = self._profiles.find(name)
        if profile is None:
            raise LookupError(f"no profile {name}; there are {', '.join(self._profiles.names)}")
        return profile


def _info(profile: Profile) -> ProfileInfo:
    exports = {form: export.about for form, export in profile.exports.items()}
    metadata = tuple(getattr(profile, "metadata", ()))  # a stranger's profile need not say
    return ProfileInfo(profile.name, profile.version, profile.label, profile.about, exports, metadata)
