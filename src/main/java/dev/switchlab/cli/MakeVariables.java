package dev.switchlab.cli;

import dev.switchlab.sweep.MakeLine;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The variables that were given to make. The Makefile exports {@code TOP_K=20} as the environment variable
 * {@code SWITCHLAB_TOP_K}, which is the default of the option {@code --top-k}.
 */
final class MakeVariables implements IDefaultValueProvider {

    private static final String PREFIX = "SWITCHLAB_";

    /** Options with a variable of another name, or of none. */
    private static final Map<String, String> RENAMED = Map.of("--compare", "RUNS", "--notebook", "NB", "--runs", "");

    /** Environment variables that say nothing about what is computed. */
    private static final Set<String> INTERNAL = Set.of("CACHE", "DEBUG", "WATCH_INPUT");

    private final Map<String, String> environment;

    MakeVariables(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public String defaultValue(ArgSpec argument) {
        if (!(argument instanceof OptionSpec option) || option.usageHelp() || option.versionHelp()) {
            return null;
        }
        String value = environment.get(PREFIX + variable(option.longestName()));
        return value == null || value.isEmpty() ? null : value;
    }

    /** The variable that stands for an option. */
    static String variable(String option) {
        String variable = option.replaceFirst("^--", "").replace('-', '_').toUpperCase(Locale.ROOT);
        return RENAMED.getOrDefault(option, variable);
    }

    /**
     * The call of make that stands for a command line, such as {@code make train EXPERIMENT=smoke SEED=2}. Options that
     * were typed follow as a comment.
     *
     * @param arguments of the program, beginning with the command
     * @param changes variables to set, or to drop where the value is empty
     */
    String makeCall(List<String> arguments, Map<String, String> changes) {
        Map<String, String> variables = new TreeMap<>();
        environment.forEach((name, value) -> {
            String variable = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : "";
            if (!variable.isEmpty() && !INTERNAL.contains(variable)) {
                variables.put(variable, value);
            }
        });
        variables.putAll(changes);
        String command = arguments.isEmpty() ? "" : arguments.get(0);
        String options =
                options(arguments, changes).stream().map(MakeLine::quote).collect(Collectors.joining(" "));
        return MakeLine.of(command, variables) + (options.isEmpty() ? "" : "  # with the options " + options);
    }

    /** The arguments after the command, without options that a change replaces. */
    private static List<String> options(List<String> arguments, Map<String, String> changes) {
        List<String> options = new ArrayList<>();
        for (int i = 1; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (!argument.startsWith("--") || !changes.containsKey(variable(argument.replaceFirst("=.*", "")))) {
                options.add(argument);
            } else if (!argument.contains("=")) {
                i++; // the option's value
            }
        }
        return options;
    }
}
