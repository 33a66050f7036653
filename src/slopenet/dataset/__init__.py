"""The data to be learned: checked, partitioned, scaled; slopes compared with values."""
