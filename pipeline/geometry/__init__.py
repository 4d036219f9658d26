"""What every stage needs of geometry and color: outlines, axes, affine maps, resampling, CIELAB.

Arrays in, arrays out. Places are ``(row, col)`` unless a name ends in ``_xy``; maps are of ``(x, y)``, as OpenCV takes
them. What a network sees of a face is put together from these by its own stage, which holds its sizes and limits.
"""
