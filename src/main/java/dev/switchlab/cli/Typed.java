package dev.switchlab.cli;

import dev.switchlab.sweep.MakeLine;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What was typed to get here: the Makefile hands its variables on through the environment. */
final class Typed {

    private static final String PREFIX = "SWITCHLAB_";
    private static final Set<String> NO_VARIABLES = Set.of("CACHE", "DEBUG", "WATCH_INPUT");

    private Typed() {}

    /**
     * The command, such as {@code make train EXPERIMENT=smoke SEED=2}.
     *
     * @param arguments of the program, the verb first
     * @param environment where Make's variables are
     * @param changes variables to set, or to drop where the value is empty
     */
    static String command(List<String> arguments, Map<String, String> environment, Map<String, String> changes) {
        Map<String, String> variables = new TreeMap<>();
        environment.forEach((name, value) -> {
            String variable = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : "";
            if (!variable.isEmpty() && !NO_VARIABLES.contains(variable)) {
                variables.put(variable, value);
            }
        });
        variables.putAll(changes);
        String verb = arguments.isEmpty() ? "" : arguments.get(0);
        String options =
                options(arguments, changes).stream().map(MakeLine::quote).collect(Collectors.joining(" "));
        return MakeLine.of(verb, variables) + (options.isEmpty() ? "" : "  # with the options " + options);
    }

    /**
     * What was typed after the verb, less the options that a change stands for: with SEEDS changed, {@code --seeds
     * 1..5}.
     */
    private static List<String> options(List<String> arguments, Map<String, String> changes) {
        List<String> options = new ArrayList<>();
        for (int i = 1; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            String variable =
                    argument.replaceFirst("^--", "").replaceFirst("=.*", "").replace('-', '_');
            if (!argument.startsWith("--") || !changes.containsKey(variable.toUpperCase(Locale.ROOT))) {
                options.add(argument);
            } else if (!argument.contains("=")) {
                i++; // its value
            }
        }
        return options;
    }
}
