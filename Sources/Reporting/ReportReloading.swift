extension HTMLReport {
    /// What a page says while it is written anew.
    static let watchedNote =
        "<p class=\"note\">Its runs go on: this page is written anew while they do, and reloads itself.</p>"

    /// Shows the page again every few seconds, unfolded where it was.
    static let reloading = """
        <script>
        const parts = [...document.getElementsByTagName("details")], key = "unfolded " + location.pathname;
        try { for (const i of JSON.parse(sessionStorage.getItem(key) ?? "[]")) if (parts[i]) parts[i].open = true; } catch {}
        setTimeout(() => {
          try { sessionStorage.setItem(key, JSON.stringify(parts.flatMap((part, i) => part.open ? [i] : []))); } catch {}
          location.reload();
        }, 3000);
        </script>
        """
}
