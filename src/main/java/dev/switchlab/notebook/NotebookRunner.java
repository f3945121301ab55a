package dev.switchlab.notebook;

import ai.djl.engine.Engine;
import dev.switchlab.lab.Lab;
import dev.switchlab.lab.LabException;
import dev.switchlab.notebook.NotebookPage.Output;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import jdk.jshell.Diag;
import jdk.jshell.EvalException;
import jdk.jshell.JShell;
import jdk.jshell.JShellException;
import jdk.jshell.Snippet;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis.CompletionInfo;
import jdk.jshell.execution.DirectExecutionControl;
import jdk.jshell.execution.LocalExecutionControlProvider;
import jdk.jshell.spi.ExecutionControl;
import jdk.jshell.spi.ExecutionEnv;

/**
 * Runs a notebook from top to bottom in this JVM. The first snippet that fails ends the run; plain jshell would
 * continue and exit with 0.
 */
final class NotebookRunner {

    private static final int SEED = 1;

    private final JShell shell;
    private final SnippetControl control;
    private final ByteArrayOutputStream printed;
    private Optional<String> failure = Optional.empty();

    private NotebookRunner(JShell shell, SnippetControl control, ByteArrayOutputStream printed) {
        this.shell = shell;
        this.control = control;
        this.printed = printed;
    }

    /**
     * The outcome of a notebook.
     *
     * @param outputs the outputs of each cell that was reached
     * @param failure file, line, reason and snippet of the failure; empty if the notebook ran to its end
     */
    record Result(Notebook notebook, List<List<Output>> outputs, Optional<String> failure) {}

    /**
     * Runs a notebook with a fixed seed in a session of its own.
     *
     * @param imports snippets to run before the notebook's
     * @param runs folder of the notebook's own book of runs
     */
    static Result run(Notebook notebook, Path imports, Path runs) throws IOException {
        Lab.restart(runs);
        Engine.getInstance().setRandomSeed(SEED); // training does not use the engine's generator
        SnippetControl control = new SnippetControl();
        LocalExecutionControlProvider provider = new LocalExecutionControlProvider() {
            @Override
            public ExecutionControl generate(ExecutionEnv env, Map<String, String> parameters) {
                return control;
            }
        };
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (PrintStream capture = new PrintStream(printed, true, StandardCharsets.UTF_8);
                JShell shell = JShell.builder()
                        .executionEngine(provider, null)
                        .compilerOptions("-classpath", System.getProperty("java.class.path"))
                        .build()) {
            System.setOut(capture);
            NotebookRunner runner = new NotebookRunner(shell, control, printed);
            runner.cell(imports, new Notebook.Cell(false, Notebook.Stability.STABLE, 1, Files.readString(imports)));
            List<List<Output>> outputs = new ArrayList<>();
            for (Notebook.Cell cell : notebook.cells()) {
                outputs.add(cell.markdown() ? List.of() : runner.cell(notebook.file(), cell));
                if (runner.failure.isPresent()) {
                    break;
                }
            }
            return new Result(notebook, outputs, runner.failure);
        } finally {
            System.setOut(out);
            Lab.restart(runs);
        }
    }

    /** Runs snippets on the calling thread with {@code assert} on, and keeps their values: JShell has only texts. */
    private static final class SnippetControl extends DirectExecutionControl {

        private Object value;

        @Override
        protected String invoke(Method method) throws Exception {
            method.getDeclaringClass().getClassLoader().setDefaultAssertionStatus(true);
            value = method.invoke(null);
            return valueString(value);
        }

        private Optional<Object> takeValue() {
            Optional<Object> taken = Optional.ofNullable(value);
            value = null;
            return taken;
        }
    }

    /** Reads a cell line by line, as jshell does: a snippet ends with the line that completes it. */
    private List<Output> cell(Path file, Notebook.Cell cell) {
        List<Output> outputs = new ArrayList<>();
        List<String> lines = cell.source().lines().toList();
        String pending = "";
        int begin = cell.line();
        for (int i = 0; i < lines.size() && failure.isEmpty(); i++) {
            if (pending.isEmpty() && isBlank(lines.get(i))) {
                continue;
            }
            if (pending.isEmpty()) {
                begin = cell.line() + i;
            }
            pending += (pending.isEmpty() ? "" : "\n") + lines.get(i);
            CompletionInfo info = shell.sourceCodeAnalysis().analyzeCompletion(pending);
            while (failure.isEmpty() && info.completeness().isComplete()) {
                snippet(file, begin, info.source(), outputs);
                begin = cell.line() + i;
                pending = isBlank(info.remaining()) ? "" : info.remaining();
                info = shell.sourceCodeAnalysis().analyzeCompletion(pending);
            }
        }
        if (failure.isEmpty() && !pending.isEmpty()) {
            snippet(file, begin, pending, outputs); // incomplete: the compiler's message says what is missing
        }
        return outputs;
    }

    /** Runs one snippet, which begins on {@code line}. */
    private void snippet(Path file, int line, String source, List<Output> outputs) {
        for (SnippetEvent event : shell.eval(source)) {
            if (event.causeSnippet() != null || failure.isPresent()) {
                continue; // an update of an earlier snippet
            }
            flush(outputs);
            Optional<Object> value = control.takeValue();
            if (event.exception() != null) {
                fail(file, line, source, event.exception());
            } else if (event.status() != Snippet.Status.VALID) {
                reject(file, line, source, event.snippet());
            } else if (shows(event.snippet())) {
                value.map(Output::of).ifPresent(outputs::add);
            }
        }
        flush(outputs);
    }

    /** The value of an expression is shown, unless a semicolon suppresses it. */
    private static boolean shows(Snippet snippet) {
        boolean expression = snippet.subKind() == Snippet.SubKind.TEMP_VAR_EXPRESSION_SUBKIND
                || snippet.kind() == Snippet.Kind.EXPRESSION;
        return expression && !snippet.source().strip().endsWith(";");
    }

    private void flush(List<Output> outputs) {
        System.out.flush();
        String text = printed.toString(StandardCharsets.UTF_8);
        printed.reset();
        if (!text.isBlank()) {
            outputs.add(Output.ofText(text));
        }
    }

    private void fail(Path file, int line, String source, JShellException exception) {
        String what = exception.toString();
        int at = line;
        if (exception instanceof EvalException thrown) {
            String name = thrown.getExceptionClassName();
            String message = thrown.getMessage();
            what = name.equals(LabException.class.getName())
                    ? message
                    : name.substring(name.lastIndexOf('.') + 1) + (message == null ? "" : ": " + message);
            if (thrown.getStackTrace().length > 0) {
                StackTraceElement top = thrown.getStackTrace()[0];
                if (String.valueOf(top.getFileName()).startsWith("#") && top.getLineNumber() > 0) {
                    at = line + Math.min(newlines(source), top.getLineNumber() - 1);
                }
            }
        }
        failure = Optional.of(message(file, at, what, source));
    }

    private void reject(Path file, int line, String source, Snippet snippet) {
        List<Diag> errors = shell.diagnostics(snippet).filter(Diag::isError).toList();
        int at = line;
        String what = "the snippet needs something that is not defined";
        if (!errors.isEmpty()) {
            Diag first = errors.get(0);
            int position = (int) Math.max(0, Math.min(first.getPosition(), source.length()));
            at = line + newlines(source.substring(0, position));
            what = first.getMessage(Locale.ROOT).strip().replaceAll("\\s*\\R\\s*", "; ");
        }
        failure = Optional.of(message(file, at, what, source));
    }

    private static String message(Path file, int line, String what, String source) {
        String snippet = source.strip().lines().map(text -> "    " + text).collect(Collectors.joining("\n"));
        return file + ":" + line + ": " + what + "\n" + snippet;
    }

    private static boolean isBlank(String line) {
        return line.isBlank() || line.strip().startsWith("//");
    }

    private static int newlines(String text) {
        return (int) text.chars().filter(c -> c == '\n').count();
    }
}
