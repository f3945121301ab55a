// The prompt of `make jshell`: values as the lab prints them, without the word "==>" and without cutting tables short.
/set mode lab normal -command
/set format lab display "{pre}{action} {type} {name}{post}"
/set truncation lab 20000
/set truncation lab 20000 expression,varvalue
/set prompt lab "lab> " "  -> "
/set feedback lab
help();
