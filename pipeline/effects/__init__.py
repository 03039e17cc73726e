"""Due calls to the API: what may be called (``calls``), how (one module a call), and when (``runner``)."""
