"""Networks of torch: Sequential stacks are walked, every other module is traced."""
