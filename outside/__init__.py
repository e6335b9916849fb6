"""What the house says to the outside, and hears from it: one small module a protocol, plain values in and out.

Nothing here knows people, shops or words: a fault is a short code, and whoever shows it has the words for it.
"""
