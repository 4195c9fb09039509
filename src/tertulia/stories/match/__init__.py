"""The story `match`: a customer list becomes people that the business can write to in their apps."""
