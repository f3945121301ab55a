package dev.switchlab.notebook;

import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import jdk.jshell.execution.DirectExecutionControl;
import jdk.jshell.execution.LoaderDelegate;
import jdk.jshell.spi.ExecutionControl;

/**
 * Runs snippets in this JVM on the calling thread, with {@code assert} on, and keeps the value that a snippet gave:
 * JShell itself hands on only its text.
 */
final class SnippetControl extends DirectExecutionControl {

    private Object value;

    SnippetControl() {
        super(new Loader());
    }

    @Override
    protected String invoke(Method method) throws Exception {
        value = method.invoke(null);
        return valueString(value);
    }

    /** The value of the last snippet, which is then forgotten. */
    Optional<Object> takeValue() {
        Optional<Object> taken = Optional.ofNullable(value);
        value = null;
        return taken;
    }

    /** Gives JShell's classes to the JVM. */
    private static final class Loader extends ClassLoader implements LoaderDelegate {

        private final Map<String, byte[]> classes = new HashMap<>();

        Loader() {
            super(SnippetControl.class.getClassLoader());
            setDefaultAssertionStatus(true);
        }

        @Override
        public void load(ExecutionControl.ClassBytecodes[] loaded)
                throws ExecutionControl.ClassInstallException, ExecutionControl.NotImplementedException,
                        ExecutionControl.EngineTerminationException {
            boolean[] installed = new boolean[loaded.length];
            for (ExecutionControl.ClassBytecodes each : loaded) {
                classes.put(each.name(), each.bytecodes());
            }
            for (int i = 0; i < loaded.length; i++) {
                try {
                    loadClass(loaded[i].name());
                    installed[i] = true;
                } catch (ClassNotFoundException | LinkageError e) {
                    throw new ExecutionControl.ClassInstallException(e.toString(), installed);
                }
            }
        }

        @Override
        public Class<?> findClass(String name) throws ClassNotFoundException {
            Class<?> loaded = findLoadedClass(name);
            if (loaded != null) {
                return loaded;
            }
            byte[] bytes = classes.get(name);
            if (bytes == null) {
                throw new ClassNotFoundException(name);
            }
            return defineClass(name, bytes, 0, bytes.length);
        }

        /** A class that is there cannot be changed, so JShell makes another one; the new bytes are kept for that. */
        @Override
        public void classesRedefined(ExecutionControl.ClassBytecodes[] redefined) {
            for (ExecutionControl.ClassBytecodes each : redefined) {
                classes.put(each.name(), each.bytecodes());
            }
        }

        @Override
        public void addToClasspath(String path) {
            // Snippets see this program's own classes; the path is for JShell's compiler.
        }
    }
}
