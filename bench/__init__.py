"""Measurements, run by hand and by name: zoetrope bench NAME. Never part of the tests."""
