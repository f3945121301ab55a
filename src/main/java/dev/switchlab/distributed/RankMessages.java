package dev.switchlab.distributed;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What ranks and their mpirun say on standard error, less what says the same again: all ranks end when one does, and
 * each would explain it, and mpirun once more in a block between two rules.
 */
final class RankMessages {

    /** How every command of ours begins its last line when it fails. */
    private static final String FAILURE = "switchlab: ";

    private static final Pattern RULE = Pattern.compile("-{60,}");
    /** Open MPI's messages about network cards that it tried and left alone. */
    private static final Pattern NOISE =
            Pattern.compile("(\\[[^\\]]*\\])+\\[.*btl_tcp.*\\].*|Unable to find reachable pairing between .*|");

    private static final Pattern KILLED =
            Pattern.compile("process rank (\\d+) with PID \\d+ on node (\\S+) exited on signal (\\d+ \\([^)]*\\))");
    private static final Pattern EXITED = Pattern.compile("Process name: \\[.*,(\\d+)\\] Exit code: (\\d+)");

    private final List<String> block = new ArrayList<>();
    private boolean inBlock;
    private boolean failed;
    private String end = "";

    /** What of {@code line} a person should see. */
    Optional<String> read(String line) {
        if (RULE.matcher(line).matches()) {
            if (inBlock) {
                end(String.join(" ", block).replaceAll("\\s+", " "));
                block.clear();
            }
            inBlock = !inBlock;
            return Optional.empty();
        }
        if (inBlock) {
            block.add(line);
            return Optional.empty();
        }
        if (line.startsWith(FAILURE)) {
            boolean first = !failed;
            failed = true;
            return first ? Optional.of(line) : Optional.empty();
        }
        return NOISE.matcher(line).matches() ? Optional.empty() : Optional.of(line);
    }

    private void end(String text) {
        Matcher killed = KILLED.matcher(text);
        Matcher exited = EXITED.matcher(text);
        if (killed.find()) {
            end = "rank %s on %s was ended by signal %s, and all others with it"
                    .formatted(killed.group(1), killed.group(2), killed.group(3));
        } else if (exited.find()) {
            // What rank 0 ends with is the answer of the command.
            end = exited.group(1).equals("0")
                    ? end
                    : "rank %s ended with exit code %s, and all others with it"
                            .formatted(exited.group(1), exited.group(2));
        } else if (!text.isBlank()) {
            end = "mpirun says: " + text.strip();
        }
    }

    /** Why all has ended, if no rank has said so itself. */
    Optional<String> end() {
        return failed || end.isEmpty() ? Optional.empty() : Optional.of(end);
    }
}
