"""Networks of Keras: models in memory, and files, which are read without Keras."""
