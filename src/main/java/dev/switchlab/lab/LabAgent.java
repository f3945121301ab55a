package dev.switchlab.lab;

import ai.djl.engine.EngineException;
import dev.switchlab.io.Screen;
import dev.switchlab.session.CudaLibraries;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import jdk.jshell.execution.RemoteExecutionControl;
import jdk.jshell.execution.Util;
import jdk.jshell.spi.ExecutionControl;
import jdk.jshell.spi.SPIResolutionException;

/**
 * The agent in the JVM behind the prompt of {@code make jshell}, in place of jshell's own. Values print as in
 * {@link ValueText}; errors print as one line with only the snippet's own stack frames. {@link Lab#why()} prints all.
 */
public final class LabAgent extends RemoteExecutionControl {

    /** Printed in place of an exception's class. */
    private static final String LAB = "in the lab";

    private static final String ENGINE = "in PyTorch";

    private static final String SNIPPETS = "REPL.";
    private static final int MOST_FRAMES = 8;
    private static final int MOST_CHARACTERS = 300;

    /**
     * Connects to the jshell that started this JVM, as {@link RemoteExecutionControl#main} does.
     *
     * @param args the port; or -1, as in some builds of JDK 17: then the port and a secret in Base64 are lines of the
     *     standard input
     */
    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[0]);
        byte[] secret = {};
        if (port == -1) {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
            port = Integer.parseInt(in.readLine());
            secret = Base64.getDecoder().decode(in.readLine());
        }
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
                InputStream in = socket.getInputStream();
                OutputStream out = socket.getOutputStream()) {
            out.write(secret);
            out.flush();
            forward(in, out);
        }
    }

    private static void forward(InputStream in, OutputStream out) throws IOException {
        Util.forwardExecutionControlAndIO(
                new LabAgent(),
                in,
                out,
                Map.of(
                        "out", stream -> System.setOut(Screen.of(stream)),
                        "err", stream -> System.setErr(Screen.of(stream))),
                Map.of("in", System::setIn));
    }

    /** To stop a snippet, jshell looks for a frame of this class and method. */
    @Override
    protected String invoke(Method method) throws Exception {
        CudaLibraries.prepare(); // a snippet may start DJL before any verb does
        Object value = method.invoke(null);
        return value == null
                ? valueString(null)
                : ValueText.text(value).map(Screen::visible).orElseGet(() -> valueString(value));
    }

    /** See {@link #invoke}. */
    @Override
    public String varValue(String className, String name)
            throws ExecutionControl.RunException, ExecutionControl.EngineTerminationException,
                    ExecutionControl.InternalException {
        return super.varValue(className, name);
    }

    @Override
    protected String throwConvertedInvocationException(Throwable cause)
            throws ExecutionControl.RunException, ExecutionControl.InternalException {
        if (cause.getClass().getName().startsWith(RemoteExecutionControl.class.getName())) {
            Thread.interrupted(); // or the interrupt of the stop would hit the next snippet
            return super.throwConvertedInvocationException(cause);
        }
        if (cause instanceof SPIResolutionException) {
            return super.throwConvertedInvocationException(cause);
        }
        if (cause instanceof LabException) {
            throw new ExecutionControl.UserException(cause.getMessage(), LAB, new StackTraceElement[0]);
        }
        Guard.keep(cause);
        throw new ExecutionControl.UserException(
                message(cause).orElse(null),
                cause instanceof EngineException ? ENGINE : cause.getClass().getName(),
                snippetFrames(cause));
    }

    /** The first line; native libraries append pages of native stack. */
    private static Optional<String> message(Throwable cause) {
        String whole = Optional.ofNullable(cause.getMessage()).orElse("").strip();
        String first = whole.lines().findFirst().orElse("");
        if (first.length() > MOST_CHARACTERS) {
            first = first.substring(0, MOST_CHARACTERS) + "...";
        }
        return whole.isEmpty()
                ? Optional.empty()
                : Optional.of(first.length() < whole.length() ? first + "; why() shows all" : first);
    }

    private static StackTraceElement[] snippetFrames(Throwable cause) {
        return Arrays.stream(cause.getStackTrace())
                .filter(frame -> frame.getClassName().startsWith(SNIPPETS))
                .limit(MOST_FRAMES)
                .toArray(StackTraceElement[]::new);
    }
}
