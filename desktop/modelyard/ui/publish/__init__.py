"""An installed model goes to Hugging Face."""
