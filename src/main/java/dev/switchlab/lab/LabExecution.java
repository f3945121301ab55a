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
 * How {@code make jshell} runs snippets: {@code jshell --execution lab}. As jshell does it by itself, in a JVM of their
 * own that it can stop them in, but with {@link LabAgent} there. A JDK that the agent does not understand gets jshell's
 * own.
 */
public final class LabExecution implements ExecutionControlProvider {

    /** What jshell takes by itself. */
    private static final String USUAL = "failover:0(jdi:hostname(127.0.0.1)),1(jdi:launch(true)),2(jdi)";

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
                    .println(
                            "WARNING: values and errors show as jshell has them; its JDK does not take the lab's agent: "
                                    + e.getMessage());
            return ExecutionControl.generate(env, USUAL);
        }
    }

    /**
     * JDK 22 and later let snippets use {@code System.console()}, and take no agent but their own for that. Here it is
     * null, as it was before: the interface's own {@code console()} stays.
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
