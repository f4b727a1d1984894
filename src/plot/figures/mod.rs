//! The figures and tables of the paper, from plain data.
