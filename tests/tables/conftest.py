"""A function that saves bytes as a table."""

import pytest


@pytest.fixture
def save(tmp_path):
    def save_bytes(content, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return save_bytes
