"""From findings to what people are told: identity, folding, firing and resolving."""
