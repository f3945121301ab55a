package dev.switchlab.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a {@code long} parameter of a test as its seed. {@code mvn test -Dswitchlab.test.seed=7} sets another seed; a
 * failure prints the command that repeats the test with its seed.
 */
@Target(ElementType.PARAMETER)
@Retention(RetentionPolicy.RUNTIME)
public @interface Seeded {

    /** The seed without the property. */
    long value() default 1;
}
