"""What is promised, and the programs that show it: unit, kafka, chaos, bench, docs."""
