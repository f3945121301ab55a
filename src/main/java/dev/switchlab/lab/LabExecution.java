package dev.switchlab.lab;

import java.io.InputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import jdk.jshell.execution.JdiExecutionControlProvider;
import jdk.jshell.spi.ExecutionControl;
import jdk.jshell.spi.ExecutionControlProvider;
import jdk.jshell.spi.ExecutionEnv;

/**
 * Runs the snippets of {@code make jshell} ({@code jshell --execution lab}) in a JVM of their own, as jshell does, but
 * with {@link LabAgent} as the agent. On a JDK that does not accept this agent, jshell's own is used.
 */
public final class LabExecution implements ExecutionControlProvider {

    /** jshell's default. */
    private static final String DEFAULT = "failover:0(jdi:hostname(127.0.0.1)),1(jdi:launch(true)),2(jdi)";

    @Override
    public String name() {
        return "lab";
    }

    @Override
    public ExecutionControl generate(ExecutionEnv env, Map<String, String> parameters) throws Throwable {
        JdiExecutionControlProvider jdi = new JdiExecutionControlProvider();
        Map<String, String> ours = jdi.defaultParameters();
        ours.put(JdiExecutionControlProvider.PARAM_REMOTE_AGENT, LabAgent.class.getName());
        ours.put(JdiExecutionControlProvider.PARAM_HOST_NAME, "127.0.0.1");
        try {
            return jdi.generate(new WithoutConsole(env), ours);
        } catch (Exception | LinkageError e) {
            env.userErr()
                    .println("WARNING: this JDK does not accept the lab's agent; values and errors print as in plain"
                            + " jshell: " + e.getMessage());
            return ExecutionControl.generate(env, DEFAULT);
        }
    }

    /**
     * From JDK 22, snippets may use {@code System.console()}, which only jshell's own agent supports. This environment
     * inherits the interface's {@code console()}, so the console is null, as before JDK 22.
     */
    private record WithoutConsole(ExecutionEnv env) implements ExecutionEnv {

        @Override
        public InputStream userIn() {
            return env.userIn();
        }

        @Override
        public PrintStream userOut() {
            return env.userOut();
        }

        @Override
        public PrintStream userErr() {
            return env.userErr();
        }

        @Override
        public List<String> extraRemoteVMOptions() {
            return env.extraRemoteVMOptions();
        }

        @Override
        public void closeDown() {
            env.closeDown();
        }
    }
}
