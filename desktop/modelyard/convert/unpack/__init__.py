"""One file for each way weights are packed in checkpoints; dequantize.py chooses among them."""
