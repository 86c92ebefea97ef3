"""The public pages: no JavaScript, no cookies, nothing from elsewhere, nothing that acts on GET."""
