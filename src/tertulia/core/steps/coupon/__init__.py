"""Give a coupon."""
