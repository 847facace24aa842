"""Formulas on arrays of counts and densities, many tables at a time; no table, no inference."""
