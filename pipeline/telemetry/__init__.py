"""What the pipeline says about itself: logs and metrics."""
