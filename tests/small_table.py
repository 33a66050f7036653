"""A small table with slopes, as the bytes of a CSV file."""

GOOD = b"T,p,rho,drho/dT\n700,5,16.5,-0.03\n710,6,20,\n"
