"""The ``highlights`` command. :mod:`pipeline.cli.main` puts it together; one module for each group of commands."""
