"""Products of octets, four added at a time, and the float64 search among what they leave."""
