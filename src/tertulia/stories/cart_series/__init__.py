"""The story `cart-series`: what a customer likes is asked, and who leaves a cart gets a series that a purchase ends."""
