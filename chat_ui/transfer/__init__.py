"""Conversations on their way from one site to another: a module for each form that they travel in."""
