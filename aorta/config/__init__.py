"""Case file -> ``Case``: schema, quantities with units, every mistake at once with line and column.

``case_file.load_case`` reads, ``template.template`` writes a file to fill in, ``resolved`` writes
every default out, ``json_schema`` serves editors, ``cohort`` reads a table of cases.
"""
