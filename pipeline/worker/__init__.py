"""The worker process: health, metrics, drain, watchdog, exit codes around the Faust app."""
