"""Figures that are written as SVG and PNG."""
