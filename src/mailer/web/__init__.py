"""What people meet in a browser: public/ for readers, desk/ for operators.

The only room that knows FastAPI.
"""
