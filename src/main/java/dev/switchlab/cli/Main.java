package dev.switchlab.cli;

import dev.switchlab.io.Screen;
import dev.switchlab.session.EngineStart;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line: one subcommand for each verb. */
@Command(
        name = "switchlab",
        description = "Reproducible Switch Transformer experiments.",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = Main.Version.class)
public final class Main implements Runnable {

    private static final int FAILED = 1;

    /** By name, in the order of the usage. */
    private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("train", TrainCommands.Train.class);
        COMMANDS.put("resume", TrainCommands.Resume.class);
        COMMANDS.put("reproduce", TrainCommands.Reproduce.class);
        COMMANDS.put("evaluate", ModelCommands.Evaluate.class);
        COMMANDS.put("sample", ModelCommands.Sample.class);
        COMMANDS.put("runs", BookCommands.Runs.class);
        COMMANDS.put("sweep", SweepCommands.RunSweep.class);
        COMMANDS.put("paper", SweepCommands.Paper.class);
        COMMANDS.put("worker", SweepCommands.Worker.class);
        COMMANDS.put("compare", BookCommands.Compare.class);
        COMMANDS.put("report", BookCommands.Report.class);
        COMMANDS.put("ui", BookCommands.Ui.class);
        COMMANDS.put("flush", BookCommands.Flush.class);
        COMMANDS.put("merge", BookCommands.Merge.class);
        COMMANDS.put("corpus", CorpusCommand.class);
        COMMANDS.put("experiments", ModelCommands.Experiments.class);
        COMMANDS.put("golden", CheckCommands.Golden.class);
        COMMANDS.put("bench", BenchCommands.Bench.class);
        COMMANDS.put("bench-ranks", BenchCommands.BenchRanks.class);
        COMMANDS.put("notebook", CheckCommands.Notebook.class);
    }

    /** Commands that compute, nearly always. */
    private static final Set<String> COMPUTING =
            Set.of("train", "resume", "reproduce", "evaluate", "sample", "worker", "report", "golden");

    /** Options that end a command before it computes; libtorch must not be loading when the process exits. */
    private static final Set<String> HELP = Set.of("-h", "--help", "-V", "--version");

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @CommandLine.Option(names = "--debug", description = "Print stack traces.", scope = ScopeType.INHERIT)
    private boolean debug;

    private Main() {}

    /**
     * Runs one command and exits with its code: 0 done, 1 failed, 2 wrong usage, 130 stopped by the user;
     * {@code reproduce} has more.
     */
    public static void main(String[] args) {
        Screen.install();
        int code = run(args);
        if (code != 0) {
            System.exit(code);
        }
    }

    /**
     * Runs one command and returns its exit code. Only the command that is named is built: all of them take picocli
     * longer than a short command runs.
     */
    static int run(String... args) {
        String named = args.length == 0 ? "" : args[0];
        if (computes(args)) {
            EngineStart.begin();
        }
        Main main = new Main();
        CommandLine line = new CommandLine(main);
        if (COMMANDS.containsKey(named)) {
            line.addSubcommand(named, COMMANDS.get(named));
        } else {
            COMMANDS.forEach(line::addSubcommand);
        }
        return line.setDefaultValueProvider(new MakeVariables(System.getenv()))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((e, command, parsed) -> main.failed(e))
                .setParameterExceptionHandler((e, arguments) -> wrongUsage(e))
                .execute(args);
    }

    /** Whether a command will need the engine. */
    static boolean computes(String... args) {
        return args.length > 0 && COMPUTING.contains(args[0]) && Collections.disjoint(List.of(args), HELP);
    }

    /** The command line that runs this program with other arguments, on the same JVM with the same options. */
    static List<String> commandLine(List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(arguments);
        return command;
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** One line; the stack trace only with {@code --debug}. */
    private int failed(Exception e) {
        if (debug) {
            e.printStackTrace();
        }
        System.err.println("switchlab: " + message(e));
        return FAILED;
    }

    private static int wrongUsage(ParameterException e) {
        CommandLine command = e.getCommandLine();
        String text =
                e.getCause() instanceof IllegalArgumentException wrong && e.getArgSpec() instanceof OptionSpec option
                        ? MakeVariables.variable(option.longestName()) + message(wrong)
                        : message(e) + "; see: switchlab "
                                + (command.getParent() == null ? "" : command.getCommandName() + " ") + "--help";
        System.err.println("switchlab: " + text);
        UnmatchedArgumentException.printSuggestions(e, command.getErr());
        return command.getCommandSpec().exitCodeOnInvalidInput();
    }

    /** What went wrong, in one line. */
    static String message(Throwable e) {
        String text = e.getMessage();
        if (e instanceof NoSuchFileException) {
            text = "no such file: " + e.getMessage();
        } else if (e instanceof FileSystemException file && file.getReason() == null) {
            text = "cannot use " + e.getMessage() + " (" + e.getClass().getSimpleName() + ")";
        } else if (text == null || text.isBlank()) {
            text = e.getClass().getSimpleName() + " (run again with --debug, or DEBUG=true, for the stack trace)";
        }
        return text.stripTrailing().replaceAll("\\s*\\R\\s*", "; ");
    }

    /** The version that Maven built. */
    static final class Version implements IVersionProvider {

        @Override
        public String[] getVersion() throws IOException {
            Properties properties = new Properties();
            try (InputStream in = Main.class.getResourceAsStream("/switchlab.properties")) {
                properties.load(in);
            }
            return new String[] {"SwitchLab " + properties.getProperty("version")};
        }
    }
}
