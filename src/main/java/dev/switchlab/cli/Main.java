package dev.switchlab.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ScopeType;

/** The command line. */
@Command(
        name = "switchlab",
        description = "Reproducible Switch Transformer experiments.",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = Version.class,
        subcommands = {
            TrainCommand.class,
            ResumeCommand.class,
            ReproduceCommand.class,
            EvaluateCommand.class,
            SampleCommand.class,
            RunsCommand.class,
            SweepCommand.class,
            PaperCommand.class,
            ChildCommand.class,
            CompareCommand.class,
            ReportCommand.class,
            UiCommand.class,
            FlushCommand.class,
            MergeCommand.class,
            ExperimentsCommand.class,
            GoldenCommand.class,
            BenchCommand.class,
            BenchRanksCommand.class,
            NotebookCommand.class
        })
public final class Main implements Runnable {

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @CommandLine.Option(
            names = "--debug",
            description = "Print stack traces.",
            scope = ScopeType.INHERIT)
    private boolean debug;

    private Main() {}

    /**
     * Runs one command and exits with its code: 0 done, 1 failed, 2 wrong usage, 130 stopped by the user;
     * {@code reproduce} has more.
     */
    public static void main(String[] args) {
        int code = run(args);
        if (code != 0) {
            System.exit(code);
        }
    }

    /** Runs one command and returns its exit code. */
    static int run(String... args) {
        Main main = new Main();
        return new CommandLine(main)
                .setDefaultValueProvider(new MakeVariables(System.getenv()))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(new OneLineErrors(() -> main.debug))
                .setParameterExceptionHandler(new UsageErrors())
                .execute(args);
    }

    @Override
    public void run() {
        spec.commandLine().usage(System.out);
    }
}
