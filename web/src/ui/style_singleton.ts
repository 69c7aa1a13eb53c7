/** In place of the package react-style-singleton: the same, by a style sheet that a script makes and
 * that the content security policy therefore allows. */
import { useEffect } from "react";

interface Sheet {
  add: (styles: string) => void;
  remove: () => void;
}

export function stylesheetSingleton(): Sheet {
  let users = 0;
  let sheet: CSSStyleSheet | undefined;
  return {
    add(styles) {
      users += 1;
      if (users > 1) return;
      sheet = new CSSStyleSheet();
      sheet.replaceSync(styles);
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    },
    remove() {
      users -= 1;
      if (users > 0) return;
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== sheet);
    },
  };
}

export function styleHookSingleton(): (styles: string, dynamic?: boolean) => void {
  const sheet = stylesheetSingleton();
  return (styles, dynamic) => {
    const watched = dynamic ? styles : undefined;
    // biome-ignore lint/correctness/useExhaustiveDependencies: fixed styles are added once
    useEffect(() => {
      sheet.add(styles);
      return () => sheet.remove();
    }, [watched]);
  };
}

export function styleSingleton() {
  const useStyle = styleHookSingleton();
  return (props: { styles: string; dynamic?: boolean }): null => {
    useStyle(props.styles, props.dynamic);
    return null;
  };
}
