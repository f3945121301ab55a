# Prints in one line that a target does not take a variable, and which name was probably meant.
#   awk -v target=train -v name=STEPS -v value=10 -v takes="EXPERIMENT SEED" -v elsewhere="sweep bench" \
#       -f refusal.awk experiments/*.yaml     (for the names of settings)

BEGIN {
    gsub(/[[:cntrl:]]/, "?", value)
    # At most a third of the letters may differ; more make another word.
    nearest = length(name) < 6 ? 1 : int(length(name) / 3)
    count = split(takes, variables, " ")
    for (i = 1; i <= count; i++) {
        consider(variables[i], variables[i])
    }
}

/^[a-z]+:/ {
    section = substr($1, 1, index($1, ":") - 1)
}

!elsewhere && (" " takes " ") ~ / SET / && /^  [a-z0-9_]+:/ {
    setting = substr($1, 1, index($1, ":") - 1)
    consider(setting, section "." setting)
}

END {
    if (meant ~ /[.]/) {
        hint = "did you mean SET=\"" meant "=" value "\"?"
    } else if (meant) {
        hint = "did you mean " meant "=" value "?"
    } else {
        hint = takes ? "allowed: " takes : "it takes no variables"
    }
    print "make " target " does not take " name (elsewhere ? ", which is for " elsewhere : "") "; " hint
}

function consider(word, candidate,    distance) {
    distance = edits(toupper(name), toupper(word))
    if (distance < nearest || (distance == nearest && !meant)) {
        nearest = distance
        meant = candidate
    }
}

# How many letters have to be inserted, deleted or replaced.
function edits(a, b,    i, j, d) {
    for (i = 0; i <= length(a); i++) {
        for (j = 0; j <= length(b); j++) {
            if (i == 0 || j == 0) {
                d[i, j] = i + j
            } else {
                d[i, j] = d[i - 1, j - 1] + (substr(a, i, 1) != substr(b, j, 1))
                if (d[i - 1, j] + 1 < d[i, j]) d[i, j] = d[i - 1, j] + 1
                if (d[i, j - 1] + 1 < d[i, j]) d[i, j] = d[i, j - 1] + 1
            }
        }
    }
    return d[length(a), length(b)]
}
