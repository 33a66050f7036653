"""ONNX files as networks: read, pruned, translated into steps."""
