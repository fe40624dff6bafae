"""The engine of a branching case: plain values in, plain values out; no database, no clock."""
