"""Columns to judgement: limits and severities."""
