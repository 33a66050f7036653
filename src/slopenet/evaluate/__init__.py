"""Values and derivatives at points, and the pages, plans and errors made of them."""
