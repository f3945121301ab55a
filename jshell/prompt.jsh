/set mode lab normal -quiet
/set truncation lab 20000
/set truncation lab 20000 expression,varvalue
/set prompt lab "lab> " "  -> "
/set mode -retain lab
/set feedback -retain lab
/exit
