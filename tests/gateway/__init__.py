"""Tests of what speaks to gateways."""
