package dev.switchlab.notebook;

import dev.switchlab.lab.Lab;
import dev.switchlab.lab.LabException;
import dev.switchlab.lab.ValueText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import jdk.jshell.Diag;
import jdk.jshell.EvalException;
import jdk.jshell.JShell;
import jdk.jshell.JShellException;
import jdk.jshell.Snippet;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis.CompletionInfo;
import jdk.jshell.execution.LocalExecutionControlProvider;
import jdk.jshell.spi.ExecutionControl;
import jdk.jshell.spi.ExecutionEnv;

/**
 * Runs notebooks from top to bottom in this JVM. The first snippet that fails ends the run: plain jshell would go on
 * and exit 0.
 */
public final class NotebookRunner {

    private static final int SEED = 1;

    private final Path imports;
    private final Path runs;

    /**
     * @param imports what every notebook has at hand, snippets too
     * @param runs a folder for the notebook's own book of runs
     */
    NotebookRunner(Path imports, Path runs) {
        this.imports = imports;
        this.runs = runs;
    }

    /** Runs one notebook with a fixed seed, in a session of its own. */
    NotebookResult run(Notebook notebook) throws IOException {
        Lab.restart(runs);
        Lab.seedEngine(SEED);
        SnippetControl control = new SnippetControl();
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (PrintStream capture = new PrintStream(printed, true, StandardCharsets.UTF_8);
                JShell shell = JShell.builder()
                        .executionEngine(new Provider(control), null)
                        .compilerOptions("-classpath", System.getProperty("java.class.path"))
                        .build()) {
            System.setOut(capture);
            Execution execution = new Execution(shell, control, printed);
            execution.cell(imports, new Notebook.Cell(false, Notebook.Stability.STABLE, 1, Files.readString(imports)));
            List<List<Output>> outputs = new ArrayList<>();
            for (Notebook.Cell cell : notebook.cells()) {
                outputs.add(cell.markdown() ? List.of() : execution.cell(notebook.file(), cell));
                if (execution.failure.isPresent()) {
                    break;
                }
            }
            return new NotebookResult(notebook, outputs, execution.failure);
        } finally {
            System.setOut(out);
            Lab.restart(runs);
        }
    }

    /** Hands JShell the control that is already there. */
    private static final class Provider extends LocalExecutionControlProvider {

        private final SnippetControl control;

        Provider(SnippetControl control) {
            this.control = control;
        }

        @Override
        public ExecutionControl generate(ExecutionEnv env, java.util.Map<String, String> parameters) {
            return control;
        }
    }

    /** One notebook's run. */
    private static final class Execution {

        private final JShell shell;
        private final SnippetControl control;
        private final ByteArrayOutputStream printed;
        private Optional<String> failure = Optional.empty();

        Execution(JShell shell, SnippetControl control, ByteArrayOutputStream printed) {
            this.shell = shell;
            this.control = control;
            this.printed = printed;
        }

        /** Takes a cell line by line, as jshell does: a snippet ends with the line that makes it whole. */
        List<Output> cell(Path file, Notebook.Cell cell) {
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
                boolean last = i == lines.size() - 1;
                CompletionInfo info = shell.sourceCodeAnalysis().analyzeCompletion(pending);
                while (failure.isEmpty() && info.completeness().isComplete()) {
                    snippet(file, begin, info.source(), outputs);
                    begin = cell.line() + i;
                    pending = isBlank(info.remaining()) ? "" : info.remaining();
                    info = shell.sourceCodeAnalysis().analyzeCompletion(pending);
                }
                if (failure.isEmpty() && last && !pending.isEmpty()) {
                    snippet(file, begin, pending, outputs); // its error says what is missing
                }
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
                    value.map(v -> ValueText.text(v)
                                    .<Output>map(Output.Text::new)
                                    .orElseGet(() -> Output.of(v)))
                            .ifPresent(outputs::add);
                }
            }
            flush(outputs);
        }

        /** An expression's value shows, unless a semicolon silences it. */
        private static boolean shows(Snippet snippet) {
            boolean expression = snippet.subKind() == Snippet.SubKind.TEMP_VAR_EXPRESSION_SUBKIND
                    || snippet.kind() == Snippet.Kind.EXPRESSION;
            return expression && !snippet.source().strip().endsWith(";");
        }

        private void flush(List<Output> outputs) {
            System.out.flush();
            String text = printed.toString(StandardCharsets.UTF_8).stripTrailing();
            printed.reset();
            if (!text.isBlank()) {
                outputs.add(new Output.Text(text.replaceFirst("^\\R+", "")));
            }
        }

        private void fail(Path file, int line, String source, JShellException exception) {
            String what = exception.toString();
            int at = line;
            if (exception instanceof EvalException thrown) {
                String name = thrown.getExceptionClassName();
                boolean ours = name.equals(LabException.class.getName());
                String message = thrown.getMessage();
                what = ours
                        ? message
                        : name.substring(name.lastIndexOf('.') + 1) + (message == null ? "" : ": " + message);
                if (thrown.getStackTrace().length > 0
                        && String.valueOf(thrown.getStackTrace()[0].getFileName())
                                .startsWith("#")
                        && thrown.getStackTrace()[0].getLineNumber() > 0) {
                    at = line + Math.min(newlines(source), thrown.getStackTrace()[0].getLineNumber() - 1);
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
}
